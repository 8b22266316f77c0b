"""What Facebook, Instagram and Threads share: the Graph API, its errors, limits and webhooks."""
