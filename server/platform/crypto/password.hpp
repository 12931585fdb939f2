// Passwords: Argon2id (RFC 9106) in PHC strings, on threads of its own, so that guessing slows nobody else down.
//
// Invariants: at most kWorkers hashes at once and kWaiting behind them, else 429 `busy`; verifying against no hash
// costs the same as against one, so that answers do not tell who has an account. A stored hash names its parameters:
// outdated() tells when they are no longer today's.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "platform/base/result.hpp"
#include "platform/base/task.hpp"
#include "platform/base/worker_pool.hpp"

namespace confidente::crypto {

inline constexpr std::size_t kWorkers = 2;
inline constexpr std::size_t kWaiting = 32;

struct PasswordCost {
    std::size_t memory_bytes = std::size_t{47'104} * 1024;  ///< OWASP's Argon2id for one pass
    std::uint64_t passes = 1;
};

class PasswordHasher {
public:
    explicit PasswordHasher(PasswordCost cost = {});

    Task<Result<std::string>> hash(std::string password);
    /// `stored` is the PHC string, or nothing when there is no such user: then the answer is false, as slowly.
    Task<Result<bool>> verify(std::optional<std::string> stored, std::string password);

    Result<std::string> hash_blocking(const std::string& password) const;
    /// True for a hash that was made with other parameters than this hasher's.
    bool outdated(const std::string& stored) const;
    /// How many hashes were computed so far: the same work for an unknown account, as tests assert.
    std::uint64_t hashes_computed() const { return computed_.load(std::memory_order_relaxed); }

private:
    bool matches(const std::optional<std::string>& stored, const std::string& password) const;

    PasswordCost cost_;
    mutable std::atomic<std::uint64_t> computed_{0};
    std::string nobody_;  ///< a hash no password has
    WorkerPool pool_{kWorkers, kWaiting};
};

}  // namespace confidente::crypto
