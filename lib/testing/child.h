/* child - programs that a test starts from the top of the tree; they die with the thread that started them. */
#ifndef TESTING_CHILD_H
#define TESTING_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* `out`: its standard output; -1: ours. -1: it was not started. */
pid_t child_run(char *const *argv, int out);
/* How it ended (waitpid(2)). */
int child_end(pid_t pid);
/* Kills it, if it was started, and waits for that. */
void child_kill(pid_t pid);
/* Starts it, and reads the first line that it prints. */
pid_t child_run_ready(char *const *argv, char *line, int size);

/* Removes a folder and what is in it. */
void folder_remove(const char *path);

#endif
