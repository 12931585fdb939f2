#include "domain/wallet/ledger_batch.hpp"

#include "platform/base/check.hpp"
#include "platform/json/rows.hpp"

namespace confidente::wallet {

namespace {

constexpr db::Query kAccounts{"ledger_batch_accounts",
                              "SELECT a.id, a.unit, a.side, a.may_negative, a.debits, a.credits, a.version "
                              "FROM json_each(:ids) r JOIN accounts a ON a.id = r.value ->> 0"};
constexpr db::Query kHead{"ledger_batch_head", "SELECT seq, hash FROM journal_head WHERE id = 1"};
constexpr db::Query kOpen{
    "ledger_batch_open",
    "INSERT INTO accounts (id, unit, side, may_negative, debits, credits, version, created_at) "
    "SELECT r.value ->> 0, r.value ->> 1, r.value ->> 2, CAST(r.value ->> 3 AS BIGINT), CAST(r.value ->> 4 AS BIGINT), "
    "CAST(r.value ->> 5 AS BIGINT), CAST(r.value ->> 6 AS BIGINT), CAST(r.value ->> 7 AS BIGINT) "
    "FROM json_each(:rows) r"};
constexpr db::Query kMove{
    "ledger_batch_move",
    "UPDATE accounts SET debits = CAST(r.value ->> 1 AS BIGINT), credits = CAST(r.value ->> 2 AS BIGINT), "
    "version = CAST(r.value ->> 3 AS BIGINT) FROM json_each(:rows) r "
    "WHERE accounts.id = r.value ->> 0 AND accounts.version = CAST(r.value ->> 4 AS BIGINT)"};
constexpr db::Query kTransfers{
    "ledger_batch_transfers",
    "INSERT INTO transfers (id, seq, kind, key, detail, created_at, prev_hash, hash) "
    "SELECT r.value ->> 0, CAST(r.value ->> 1 AS BIGINT), r.value ->> 2, r.value ->> 3, r.value ->> 4, "
    "CAST(r.value ->> 5 AS BIGINT), r.value ->> 6, r.value ->> 7 FROM json_each(:rows) r"};
constexpr db::Query kEntries{
    "ledger_batch_entries",
    "INSERT INTO entries (transfer_id, line, account_id, unit, debit, credit, previous_balance, balance, version) "
    "SELECT r.value ->> 0, CAST(r.value ->> 1 AS BIGINT), r.value ->> 2, r.value ->> 3, "
    "CAST(r.value ->> 4 AS BIGINT), CAST(r.value ->> 5 AS BIGINT), CAST(r.value ->> 6 AS BIGINT), "
    "CAST(r.value ->> 7 AS BIGINT), CAST(r.value ->> 8 AS BIGINT) FROM json_each(:rows) r"};
constexpr db::Query kMoveHead{"ledger_batch_move_head",
                              "UPDATE journal_head SET seq = :seq, hash = :hash WHERE id = 1 AND seq = :before"};

Error changed_meanwhile(std::string cause) {
    return {ErrorKind::unavailable, "busy", "The server is busy; try again.", std::move(cause), {}, 1};
}

}  // namespace

LedgerBatch::Asked LedgerBatch::ask(db::Transaction& tx, const std::vector<std::string>& accounts) {
    json::Rows ids;
    for (const auto& id : accounts) ids.add(id);
    return {tx.ask(kAccounts, {{"ids", ids.text()}}), tx.ask(kHead)};
}

Result<LedgerBatch> LedgerBatch::load(Asked asked) {
    LedgerBatch batch;
    TRY(const auto rows, asked.accounts.rows());
    for (const auto& row : rows) {
        batch.accounts_.insert_or_assign(row.text("id"), Held{.unit = row.text("unit"),
                                                              .credit_side = row.text("side") == "credit",
                                                              .may_negative = row.integer("may_negative") == 1,
                                                              .debits = row.integer("debits"),
                                                              .credits = row.integer("credits"),
                                                              .version = row.integer("version"),
                                                              .stored_version = row.integer("version")});
    }
    TRY(const auto head, asked.head.rows());
    check(head.size() == 1);
    batch.first_seq_ = batch.seq_ = head[0].integer("seq");
    batch.hash_ = head[0].text("hash");
    return batch;
}

std::int64_t LedgerBatch::balance(std::string_view account_id) const {
    const auto found = accounts_.find(account_id);
    return found == accounts_.end() ? 0 : found->second.balance();
}

Result<Entry> LedgerBatch::move(Held& account, const Line& line) {
    check(account.unit == line.account.unit);
    check(account.credit_side == (line.account.side == Side::credit));
    const std::int64_t before = account.balance();
    TRY(account.debits, checked_add(account.debits, line.debit));
    TRY(account.credits, checked_add(account.credits, line.credit));
    if (!account.may_negative && account.balance() < 0) {
        return Error{ErrorKind::payment_required, "insufficient_tokens", "There are not enough tokens.",
                     line.account.id + " would fall below its limit"};
    }
    ++account.version;
    return Entry{line.account.id, account.unit, line.debit, line.credit, before, account.balance(), account.version};
}

Result<Transfer> LedgerBatch::add(const NewTransfer& transfer, const Postings& postings) {
    check(postings.lines().size() >= 2);
    // Moved aside first: a transfer that fails at its last line must leave the earlier ones as they were.
    std::map<std::string, Held, std::less<>> moved;
    std::vector<Entry> entries;
    for (const auto& line : postings.lines()) {
        auto [place, first] = moved.try_emplace(line.account.id);
        if (const auto held = accounts_.find(line.account.id); first && held != accounts_.end()) {
            place->second = held->second;
        } else if (first) {
            place->second = Held{.unit = line.account.unit,
                                 .credit_side = line.account.side == Side::credit,
                                 .may_negative = line.account.limit == Limit::none,
                                 .opened = transfer.at};
        }
        TRY(auto entry, move(place->second, line));
        entries.push_back(std::move(entry));
    }
    for (auto& [id, account] : moved) accounts_.insert_or_assign(id, std::move(account));
    const std::int64_t seq = ++seq_;
    std::string hash = transfer_hash(hash_, seq, transfer, entries);
    written_.push_back({transfer, seq, std::move(hash_), hash, std::move(entries)});
    hash_ = std::move(hash);
    return Transfer{transfer.id, seq, false};
}

void LedgerBatch::write(db::Transaction& tx) const {
    if (written_.empty()) return;
    write_accounts(tx);
    write_journal(tx);
}

void LedgerBatch::write_accounts(db::Transaction& tx) const {
    json::Rows opened;
    json::Rows moved;
    std::int64_t moves = 0;
    for (const auto& [id, account] : accounts_) {
        if (account.stored_version < 0) {
            opened.add(id, account.unit, account.credit_side ? "credit" : "debit", account.may_negative ? 1 : 0,
                       account.debits, account.credits, account.version, account.opened.ms);
        } else if (account.version != account.stored_version) {
            moved.add(id, account.debits, account.credits, account.version, account.stored_version);
            ++moves;
        }
    }
    if (!opened.empty()) tx.send(kOpen, {{"rows", opened.text()}});
    if (moves == 0) return;
    tx.send(kMove, {{"rows", moved.text()}},
            db::Expected{moves, changed_meanwhile("an account has moved since it was read")});
}

void LedgerBatch::write_journal(db::Transaction& tx) const {
    json::Rows transfers;
    for (const auto& one : written_) {
        transfers.add(one.transfer.id.value, one.seq, one.transfer.kind, one.transfer.key, one.transfer.detail,
                      one.transfer.at.ms, one.previous_hash, one.hash);
    }
    tx.send(kTransfers, {{"rows", transfers.text()}});
    json::Rows entries;
    for (const auto& one : written_) {
        std::int64_t line = 0;
        for (const auto& entry : one.entries) {
            entries.add(one.transfer.id.value, line++, entry.account_id, entry.unit, entry.debit, entry.credit,
                        entry.previous_balance, entry.balance, entry.version);
        }
    }
    tx.send(kEntries, {{"rows", entries.text()}});
    tx.send(kMoveHead, {{"seq", seq_}, {"hash", hash_}, {"before", first_seq_}},
            db::Expected{1, changed_meanwhile("the journal's head has moved since it was read")});
}

}  // namespace confidente::wallet
