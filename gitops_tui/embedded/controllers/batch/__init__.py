"""Work that ends: Jobs, and the CronJobs that start them."""
