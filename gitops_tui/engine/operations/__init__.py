"""What people and policies ask for: questions answered, plans made, approved plans run and journaled."""
