// Who opened which WHIP or WHEP session: only they may change or end it, and it ends with what let them in.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace confidente::lives {

struct Opener {
    std::string credential;  ///< `user:` and an id, or `token:` and the digest of a stream key or a playback token
    std::string user_id;     ///< who publishes or watches
    std::string
        session_id;  ///< the signed-in session it was opened in; empty for a stream key, which is the user's own
};

/// Thread-safe. Sessions are remembered after they have ended, the latest kMaxRemembered of them.
class MediaSessions {
public:
    static constexpr std::size_t kMaxRemembered = 20'000;
    void opened(std::string_view live_id, const std::string& media_session, Opener opener);
    /// Whether this credential opened that session of that live.
    bool is_opener(std::string_view live_id, std::string_view media_session, std::string_view credential) const;
    /// Who publishes or watches in it.
    std::optional<std::string> user_of(std::string_view media_session) const;
    /// What was opened in a signed-in session.
    std::vector<std::string> of_session(std::string_view session_id) const;
    /// What a user's stream keys opened.
    std::vector<std::string> of_keys(std::string_view user_id) const;

private:
    struct Known {
        std::string live_id;
        Opener opener;
    };
    template <class Wanted>
    std::vector<std::string> those(Wanted wanted) const;

    mutable std::mutex mutex_;  ///< guards both
    std::unordered_map<std::string, Known> known_;
    std::deque<std::string> order_;
};

}  // namespace confidente::lives
