"""Line quality: from a node's windows to one row per line and minute, and to the line's MOS."""
