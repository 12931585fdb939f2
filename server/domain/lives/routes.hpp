// Lives over HTTP: /api/lives, and their media over WHIP (RFC 9725) and WHEP.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "domain/lives/audience.hpp"
#include "domain/lives/media_sessions.hpp"
#include "domain/lives/service.hpp"
#include "domain/lives/stage.hpp"
#include "domain/lives/thumbnails.hpp"
#include "domain/lives/turn.hpp"
#include "platform/crypto/tokens.hpp"
#include "platform/http/http.hpp"
#include "platform/http/paging.hpp"
#include "platform/json/json.hpp"

namespace confidente::lives {

inline constexpr Duration kPlaybackTokenLife = 2min;  ///< join again for a new one

struct Limits {
    http::Rate create{20, 20};
    http::Rate join{60, 20};
    http::Rate publish{6, 6};   ///< per model
    http::Rate play{30, 30};    ///< per viewer
    std::size_t playbacks = 3;  ///< of one account at a time
};

/// References outlive the router.
struct Deps {
    db::Database& db;
    Service& lives;
    const Audience& audience;
    Thumbnails& thumbnails;
    Stage& stage;
    MediaSessions& media_sessions;
    const crypto::TokenAuthority& tokens;
    const Clock& clock;
    const http::Cursors& cursors;
    /// Whether a signed-in session has ended.
    std::function<bool(std::string_view session_id)> ended;
    /// Whether a user has any session.
    std::function<Result<bool>(db::Transaction&, std::string_view user_id)> signed_in;
    std::string public_url = {};  ///< `https://example.org`, without a slash at its end; empty: paths only
    Limits limits = {};
    Turn turn = {};
};

void add_routes(http::Router& router, Deps deps);
void add_media_routes(http::Router& router, Deps deps);

}  // namespace confidente::lives
