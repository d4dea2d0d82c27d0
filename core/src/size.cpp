#include "fstool/size.h"
