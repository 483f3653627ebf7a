// attack: a diagnostic that rewrites the terminal of who reads it
// stopped: refused \u{1b}[2J
// layers: shown
// goal: escape
#error "[2J]0;all is well‮evil"
