// attack: an object that fits the workspace, but is longer than any is taken
// stopped: object
// layers: outputs
// goal: large
char filled[50 << 20] = {1};
