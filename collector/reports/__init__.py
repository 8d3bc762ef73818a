"""Monthly reports of lines: made of their days and episodes, for one line, one provider, the whole tree."""
