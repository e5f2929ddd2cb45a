"""Words, symbols, colours and widths: the vocabulary that presenters speak in. Pure."""
