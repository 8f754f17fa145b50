#include "gateway.h"

struct gateway gateway;
