-- Messages that are written together, and nodes that share a database.

-- A message looks for the live of its chat.
CREATE INDEX lives_by_chat ON lives (chat_id);
-- A relay follows the outbox for the sockets of its own process and needs no memory beyond that process.
DROP TABLE relay_cursors;
-- engine: postgres
-- Tells every node's relay of new events, in the transaction that brings them: PostgreSQL delivers it after the commit,
-- and once however many statements there were.
CREATE FUNCTION tell_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('confidente_events', ''); RETURN NULL; END $$;
CREATE TRIGGER outbox_tell AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION tell_of_events();

-- As in 0010: a reference costs one query a row. Gifts and messages are written after their live, chat and people were
-- read in the same transaction, by the one writer at a time, and none of those is ever deleted.
ALTER TABLE gifts
    DROP CONSTRAINT gifts_live_id_fkey, DROP CONSTRAINT gifts_user_id_fkey, DROP CONSTRAINT gifts_model_id_fkey;
ALTER TABLE messages DROP CONSTRAINT messages_chat_id_fkey, DROP CONSTRAINT messages_sender_id_fkey;
-- Rows that every message changes stay on their page, so that their index need not change.
ALTER TABLE chats SET (fillfactor = 50);
-- engine: all
