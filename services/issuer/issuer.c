#include "issuer.h"

struct issuer issuer;
