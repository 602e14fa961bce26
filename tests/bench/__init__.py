"""What is measured: `make bench-NAME`. Each prints a table and writes build/bench/NAME.json."""
