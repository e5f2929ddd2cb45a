"""Pure presentation: a value in, lines and cells out. Knows no widget, so that every look is a plain unit test."""
