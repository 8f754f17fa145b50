/* commands - what main.c lists; each is in the file of its name. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "command.h"

bool migrate_command(struct command_run *r, struct fault *f);
bool policy_load_command(struct command_run *r, struct fault *f);
bool policy_at_command(struct command_run *r, struct fault *f);
bool policy_diff_command(struct command_run *r, struct fault *f);
bool policy_touches_command(struct command_run *r, struct fault *f);
bool policy_rows_command(struct command_run *r, struct fault *f);
bool policy_snapshot_command(struct command_run *r, struct fault *f);
bool account_create_command(struct command_run *r, struct fault *f);
bool account_list_command(struct command_run *r, struct fault *f);
bool user_list_command(struct command_run *r, struct fault *f);
bool key_list_command(struct command_run *r, struct fault *f);
bool key_revoke_command(struct command_run *r, struct fault *f);
bool key_create_command(struct command_run *r, struct fault *f);
bool key_block_command(struct command_run *r, struct fault *f);
bool key_blocked_command(struct command_run *r, struct fault *f);
bool key_check_command(struct command_run *r, struct fault *f);
bool order_show_command(struct command_run *r, struct fault *f);
bool order_list_command(struct command_run *r, struct fault *f);
bool why_order_command(struct command_run *r, struct fault *f);
bool webhook_list_command(struct command_run *r, struct fault *f);
bool webhook_show_command(struct command_run *r, struct fault *f);
bool webhook_log_command(struct command_run *r, struct fault *f);
bool status_command(struct command_run *r, struct fault *f);
bool jobs_command(struct command_run *r, struct fault *f);
bool quarantine_command(struct command_run *r, struct fault *f);
bool quarantine_settle_command(struct command_run *r, struct fault *f);
bool jobs_retry_command(struct command_run *r, struct fault *f);
bool audit_list_command(struct command_run *r, struct fault *f);
bool audit_verify_command(struct command_run *r, struct fault *f);
bool audit_facts_command(struct command_run *r, struct fault *f);
bool heads_begin_command(struct command_run *r, struct fault *f);
bool lint_command(struct command_run *r, struct fault *f);
bool keys_command(struct command_run *r, struct fault *f);
bool seal_key_command(struct command_run *r, struct fault *f);
bool reseal_command(struct command_run *r, struct fault *f);
bool policy_key_command(struct command_run *r, struct fault *f);
bool authority_check_command(struct command_run *r, struct fault *f);
bool authority_list_command(struct command_run *r, struct fault *f);
bool authority_stop_command(struct command_run *r, struct fault *f);
bool authority_start_command(struct command_run *r, struct fault *f);
bool changes_command(struct command_run *r, struct fault *f);

#endif
