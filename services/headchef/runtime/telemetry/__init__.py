"""What a process tells its operators: metrics, traces and logs."""
