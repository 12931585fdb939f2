#include "platform/crypto/password.hpp"

#include <sodium.h>

#include <array>
#include <cstring>

#include "platform/base/check.hpp"

namespace confidente::crypto {

PasswordHasher::PasswordHasher(PasswordCost cost) : cost_(cost) {
    check(sodium_init() >= 0);
    std::array<char, 32> secret{};
    randombytes_buf(secret.data(), secret.size());
    auto made = hash_blocking(std::string{secret.data(), secret.size()});
    check(made.has_value());
    nobody_ = std::move(*made);
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
    std::function<Result<std::string>()> job = [this, password] { return hash_blocking(password); };
    co_return co_await pool_.run<std::string>(job);
}

Task<Result<bool>> PasswordHasher::verify(std::optional<std::string> stored, std::string password) {
    std::function<Result<bool>()> job = [this, stored, password] { return Result<bool>{matches(stored, password)}; };
    co_return co_await pool_.run<bool>(job);
}

}  // namespace confidente::crypto
