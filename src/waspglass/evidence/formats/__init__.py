"""Line formats: one file each; a line format says what a header line changes and what one line means."""
