// A library that needs a function which nobody has.
extern "C" int fstool_test_missing_function();
extern "C" __attribute__((visibility("default"))) int call() { return fstool_test_missing_function(); }
