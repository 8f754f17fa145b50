# For the shell of who uses the chancery command: . @CONFDIR@/operator.sh
export CHANCERY_DATABASE_URL_FILE=@CONFDIR@/operator/cli.database
export CHANCERY_ADMIN_DATABASE_URL_FILE=@CONFDIR@/operator/owner.database
export CHANCERY_POLICY_KEY_FILE=@CONFDIR@/operator/policy-key
export CHANCERY_SEAL_KEY=@CONFDIR@/operator/seal-key
# A CA that browsers trust: the logs that its certificates are given to (docs/guide/transparency.md).
# export CHANCERY_LOG_LIST=@CONFDIR@/log_list.json
