-- Whose turn it is, where what the last look saw knows it better than the kind of the task (request_open_task).
ALTER TABLE challenge ADD COLUMN ours text[];
COMMENT ON COLUMN challenge.ours IS 'Of what seen tells of, those identifiers that wait for this CA alone: what proves them was found, and other points of view could not be asked.';
GRANT SELECT (ours) ON challenge TO chancery_scheduler, chancery_cli;
GRANT UPDATE (ours) ON challenge TO chancery_validation;

ALTER TABLE caa_check ADD COLUMN ours boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN caa_check.ours IS 'unconfirmed for want of other points of view that say anything: nobody but this CA can mend it.';

COMMENT ON COLUMN task_kind.owner IS 'Who must do it, as long as no look has seen who is to move next: request_open_task() says that.';
