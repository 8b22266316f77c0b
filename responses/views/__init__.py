"""Pages: each checks who asks, calls one service and shows the outcome."""
