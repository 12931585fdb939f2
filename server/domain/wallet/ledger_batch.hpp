// Many transfers with few statements: the accounts they touch and the journal's head are read once, every transfer is
// decided in memory in its turn, and what came of it is written table by table. An account that a thousand transfers
// touch is updated once.
//
//   TRY(auto batch, LedgerBatch::load(tx, accounts));
//   auto paid = batch.add(transfer, postings);        // 402 `insufficient_tokens`: this one alone, nothing is kept
//   batch.write(tx);
//
// Invariants: those of ledger.hpp, after write(). The database's own constraints hold the result once more. Accounts
// that changed since load() make the work fail as a whole (`busy`).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "domain/wallet/ledger.hpp"

namespace confidente::wallet {

class LedgerBatch {
public:
    /// What load() waits for. `accounts` are all that the transfers will touch or ask the balance of.
    struct Asked {
        db::Asked accounts, head;
    };
    static Asked ask(db::Transaction& tx, const std::vector<std::string>& accounts);
    static Result<LedgerBatch> load(Asked asked);

    Result<Transfer> add(const NewTransfer& transfer, const Postings& postings);
    /// With what was added so far; zero for an account that nothing has touched.
    std::int64_t balance(std::string_view account_id) const;
    /// By Transaction::send().
    void write(db::Transaction& tx) const;

private:
    struct Held {
        std::string unit;
        bool credit_side = true;
        bool may_negative = false;
        std::int64_t debits = 0, credits = 0, version = 0;
        std::int64_t stored_version = -1;  ///< -1: it does not exist yet
        UtcTime opened = {};

        std::int64_t balance() const { return credit_side ? credits - debits : debits - credits; }
    };
    struct Written {
        NewTransfer transfer;
        std::int64_t seq;
        std::string previous_hash, hash;
        std::vector<Entry> entries;
    };
    static Result<Entry> move(Held& account, const Line& line);
    void write_accounts(db::Transaction& tx) const;
    void write_journal(db::Transaction& tx) const;

    std::map<std::string, Held, std::less<>> accounts_;
    std::vector<Written> written_;
    std::int64_t first_seq_ = 0, seq_ = 0;
    std::string hash_;
};

}  // namespace confidente::wallet
