"""What the console's other pages show: plain values, without a widget."""
