/* commands - what main.c lists; each is in the file of its name. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "command.h"

bool migrate_command(struct command_run *r, struct fault *f);
bool policy_load_command(struct command_run *r, struct fault *f);
bool policy_at_command(struct command_run *r, struct fault *f);
bool policy_snapshot_command(struct command_run *r, struct fault *f);
bool account_create_command(struct command_run *r, struct fault *f);
bool key_create_command(struct command_run *r, struct fault *f);
bool jobs_command(struct command_run *r, struct fault *f);
bool quarantine_command(struct command_run *r, struct fault *f);
bool quarantine_settle_command(struct command_run *r, struct fault *f);
bool jobs_retry_command(struct command_run *r, struct fault *f);
bool audit_verify_command(struct command_run *r, struct fault *f);
bool keys_command(struct command_run *r, struct fault *f);
bool seal_key_command(struct command_run *r, struct fault *f);

#endif
