/* process - what a process does first: it guards the secrets that it holds, and takes the room that it
 * is given. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

/* Its memory is in no core file and open to no other process of its user (prctl(2),
 * PR_SET_DUMPABLE), and no program that it starts has more rights than it has. */
void process_guard(void);

/* As many open files as it may have: what a shell is given (1024) is less than the connections that
 * a service promises, and less than the look-ups of a round, each with a socket of its own. */
void process_files_allow(void);

#endif
