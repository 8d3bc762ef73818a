"""When offices work: seasons' hours, holidays and swapped days, from versioned files with their sources."""
