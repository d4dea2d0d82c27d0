// A library that happens to export the symbol, but no descriptor of fstool.
extern "C" __attribute__((visibility("default"))) const char fstool_plugin[128];
const char fstool_plugin[128] = "something else";
