#include "platform/crypto/key_ring.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace confidente::crypto {
namespace {

constexpr std::string_view kPrefix = "tokens-", kSuffix = ".key";

std::filesystem::path file_of(const std::filesystem::path& folder, std::int64_t second) {
    return folder / (std::string{kPrefix} + std::to_string(second) + std::string{kSuffix});
}

std::optional<std::int64_t> second_of(const std::string& name) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
    const auto* begin = name.data() + kPrefix.size();
    const auto* end = name.data() + name.size() - kSuffix.size();
    std::int64_t second = 0;
    const auto [stopped, error] = std::from_chars(begin, end, second);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return second;
}

Result<std::vector<std::int64_t>> seconds_in(const std::filesystem::path& folder) {
    std::vector<std::int64_t> seconds;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator{folder, failed})
        if (const auto second = second_of(entry.path().filename().string())) seconds.push_back(*second);
    if (failed) return internal_error("cannot read the folder of keys " + folder.string());
    std::sort(seconds.begin(), seconds.end());
    return seconds;
}

}  // namespace

Result<std::vector<TimedKey>> load_keys(const std::filesystem::path& folder, UtcTime now, Random& random) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / "tokens.key", ignored))
        std::filesystem::rename(folder / "tokens.key", file_of(folder, 0), ignored);
    TRY(auto seconds, seconds_in(folder));
    if (seconds.empty()) seconds.push_back(now.ms / 1000);
    std::vector<TimedKey> keys;
    for (const auto second : seconds) {
        TRY(auto key, SigningKey::load_or_create(file_of(folder, second), random));
        keys.push_back({UtcTime{second * 1000}, std::move(key)});
    }
    return keys;
}

Status roll_keys(const std::filesystem::path& folder, UtcTime now, Random& random) {
    TRY(const auto seconds, seconds_in(folder));
    if (seconds.size() >= kMaxKeys)
        return Error{.kind = ErrorKind::conflict,
                     .code = "too_many_keys",
                     .detail = "The keys were rolled too often just now; the old ones must retire first."};
    auto second = (now + kKeyLead).ms / 1000;
    if (!seconds.empty()) second = std::max(second, seconds.back() + 1);
    TRY([[maybe_unused]] const auto made, SigningKey::load_or_create(file_of(folder, second), random));
    return {};
}

bool roll_is_due(const std::vector<TimedKey>& keys, UtcTime now) { return keys.back().from + kKeyLife <= now; }

bool retire_keys(const std::filesystem::path& folder, const std::vector<TimedKey>& keys, UtcTime now) {
    bool removed = false;
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
        std::error_code failed;
        if (keys[i + 1].from + kKeyOverlap <= now)
            removed = std::filesystem::remove(file_of(folder, keys[i].from.ms / 1000), failed) || removed;
    }
    return removed;
}

}  // namespace confidente::crypto
