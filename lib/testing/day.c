/* day - linked into every unit test: its business time may begin on another day (tools/day). */
#include "base/clock.h"

__attribute__((constructor)) static void day_begin(void)
{
    clock_allow_test_offset();
}
