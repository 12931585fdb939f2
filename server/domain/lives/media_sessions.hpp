// Who opened which WHIP or WHEP session: only they may change or end it, and it ends with what let them in. One account
// watches in a few places at a time; a further one takes the place of the oldest.
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
        session_id;    ///< the signed-in session it was opened in; empty for a stream key, which is the user's own
    std::string etag;  ///< of its ICE session (RFC 9725 section 4.3.1); every restart has its own
};

/// Thread-safe. Sessions are remembered after they have ended, the latest kMaxRemembered of them.
class MediaSessions {
public:
    static constexpr std::size_t kMaxRemembered = 20'000;
    void opened(std::string_view live_id, const std::string& media_session, Opener opener);
    /// Its owner watches with it. What must be hung up for it, if they now watch more than `most` at a time: one that
    /// has not connected before one that has, and the older before the newer.
    std::optional<std::string> watches(const std::string& media_session, std::size_t most);
    void connected(std::string_view media_session);
    /// It takes no place any more; who opened it stays known.
    void ended(std::string_view media_session);
    /// Whether this credential opened that session of that live.
    bool is_opener(std::string_view live_id, std::string_view media_session, std::string_view credential) const;
    /// Who publishes or watches in it.
    std::optional<std::string> user_of(std::string_view media_session) const;
    /// Empty for a session that is not known.
    std::string etag_of(std::string_view media_session) const;
    void restarted(std::string_view media_session, std::string etag);
    /// What was opened in a signed-in session.
    std::vector<std::string> of_session(std::string_view session_id) const;
    /// What a user's stream keys opened.
    std::vector<std::string> of_keys(std::string_view user_id) const;

private:
    struct Known {
        std::string live_id;
        Opener opener;
        bool connected = false;
    };
    Known* find(std::string_view media_session);
    void give_up_place(const std::string& media_session, const std::string& user_id);
    template <class Wanted>
    std::vector<std::string> those(Wanted wanted) const;

    mutable std::mutex mutex_;  ///< guards all three
    std::unordered_map<std::string, Known> known_;
    std::deque<std::string> order_;
    std::unordered_map<std::string, std::vector<std::string>> watching_;  ///< by user, oldest first
};

}  // namespace confidente::lives
