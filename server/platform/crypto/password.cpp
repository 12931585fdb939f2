#include "platform/crypto/password.hpp"

#include <sodium.h>

#include <array>
#include <cstring>

#include "platform/base/check.hpp"

namespace confidente::crypto {
namespace {

Error busy() {
    return {.kind = ErrorKind::too_many,
            .code = "busy",
            .detail = "Too many sign-ins at the moment; try again shortly.",
            .retry_after_s = 2};
}

}  // namespace

PasswordHasher::PasswordHasher(PasswordCost cost) : cost_(cost) {
    check(sodium_init() >= 0);
    std::array<char, 32> secret{};
    randombytes_buf(secret.data(), secret.size());
    auto made = hash_blocking(std::string{secret.data(), secret.size()});
    check(made.has_value());
    nobody_ = std::move(*made);
    for (std::size_t i = 0; i < kWorkers; ++i) workers_.emplace_back([this] { work(); });
}

PasswordHasher::~PasswordHasher() {
    {
        const std::scoped_lock lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
}

void PasswordHasher::work() {
    std::unique_lock lock{mutex_};
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        // What waits is finished before the end: somebody awaits it.
        if (jobs_.empty()) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        lock.lock();
    }
}

bool PasswordHasher::submit(std::function<void()> job) {
    {
        const std::scoped_lock lock{mutex_};
        if (stopping_ || jobs_.size() >= kWaiting) return false;
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

Result<std::string> PasswordHasher::hash_blocking(const std::string& password) const {
    computed_.fetch_add(1, std::memory_order_relaxed);
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), cost_.passes, cost_.memory_bytes,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return internal_error("no memory for a password hash");
    return std::string{out.data()};
}

bool PasswordHasher::matches(const std::optional<std::string>& stored, const std::string& password) const {
    computed_.fetch_add(1, std::memory_order_relaxed);
    const auto& against = stored ? *stored : nobody_;
    return crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0 && stored.has_value();
}

bool PasswordHasher::outdated(const std::string& stored) const {
    return crypto_pwhash_str_needs_rehash(stored.c_str(), cost_.passes, cost_.memory_bytes) != 0;
}

Task<Result<std::string>> PasswordHasher::hash(std::string password) {
    using Done = std::function<void(Result<std::string>)>;
    std::function<void(Done)> begin = [this, password](Done done) {
        if (!submit([this, password, done] { done(hash_blocking(password)); })) done(busy());
    };
    Callback<Result<std::string>> waiting{std::move(begin)};
    co_return co_await waiting;
}

Task<Result<bool>> PasswordHasher::verify(std::optional<std::string> stored, std::string password) {
    using Done = std::function<void(Result<bool>)>;
    std::function<void(Done)> begin = [this, stored, password](Done done) {
        if (!submit([this, stored, password, done] { done(Result<bool>{matches(stored, password)}); }))
            done(Result<bool>{busy()});
    };
    Callback<Result<bool>> waiting{std::move(begin)};
    co_return co_await waiting;
}

}  // namespace confidente::crypto
