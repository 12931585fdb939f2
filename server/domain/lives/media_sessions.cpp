#include "domain/lives/media_sessions.hpp"

#include "platform/crypto/hash.hpp"

namespace confidente::lives {

void MediaSessions::opened(std::string_view live_id, const std::string& media_session, Opener opener) {
    const std::scoped_lock lock{mutex_};
    known_.insert_or_assign(media_session, Known{std::string{live_id}, std::move(opener)});
    order_.push_back(media_session);
    while (order_.size() > kMaxRemembered) {
        known_.erase(order_.front());
        order_.pop_front();
    }
}

bool MediaSessions::is_opener(std::string_view live_id, std::string_view media_session,
                              std::string_view credential) const {
    const std::scoped_lock lock{mutex_};
    const auto found = known_.find(std::string{media_session});
    return found != known_.end() && found->second.live_id == live_id &&
           crypto::constant_time_equal(found->second.opener.credential, credential);
}

std::optional<std::string> MediaSessions::user_of(std::string_view media_session) const {
    const std::scoped_lock lock{mutex_};
    const auto found = known_.find(std::string{media_session});
    return found == known_.end() ? std::nullopt : std::optional{found->second.opener.user_id};
}

template <class Wanted>
std::vector<std::string> MediaSessions::those(Wanted wanted) const {
    std::vector<std::string> found;
    const std::scoped_lock lock{mutex_};
    for (const auto& [media_session, known] : known_)
        if (wanted(known.opener)) found.push_back(media_session);
    return found;
}

std::vector<std::string> MediaSessions::of_session(std::string_view session_id) const {
    if (session_id.empty()) return {};
    return those([&](const Opener& opener) { return opener.session_id == session_id; });
}

std::vector<std::string> MediaSessions::of_keys(std::string_view user_id) const {
    return those([&](const Opener& opener) { return opener.session_id.empty() && opener.user_id == user_id; });
}

}  // namespace confidente::lives
