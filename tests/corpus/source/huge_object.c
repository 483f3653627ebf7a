// attack: an object that fills the disk
// stopped: files
// layers: workspace
// goal: large
char filled[1 << 28] = {1};
