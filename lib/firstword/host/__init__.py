"""What stands between a call and the switch it runs in."""
