// attack: an object that fills the disk
// stopped: files
// layers: limits workspace
// goal: large
char filled[1 << 27] = {1};
