/* memory - what happens where there is none: the process ends, whoever asked.
 *
 * A program that is linked with memory.o has its malloc(), calloc(), realloc() and their kin from
 * there, and so have all libraries in it, those that are loaded later too. None of them ever returns
 * NULL for want of memory: the process says so in one line and aborts. Nobody needs to look at what
 * they return, and no library is ever led through its paths for when they fail. docs/adr/0022.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

/* In builds with -DTESTING: the folder that CHANCERY_TEST_ALLOCATIONS names has a file of this name,
 * an int64_t (host order) that each allocation counts down: the one that finds 1 fails. Below zero it
 * says how many there were. */
void memory_allow_test_failure(const char *program);

/* What a thread frees, up to 4 MB of it, stays with the process: it needs as much again at once, and
 * giving it back and asking for it costs more than using it. */
void memory_keep(void);

#endif
