"""Where orders and customers come from: files by row, other systems by REST."""
