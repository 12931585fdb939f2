// Lives: planned, on, over; who may publish and who may watch.
//
// Invariants: a live goes scheduled → live → ended and never back; a model has one live on at a time; a stream key is
// shown once and stored as a digest; a viewer pays the price once, in the transaction that lets them in.
// Errors: 404 `live_not_found` (also for what is not yours to change); 409 `live_not_live`, `live_ended`,
// `already_live`; 403 `blocked`; 402 of the wallet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/chat/service.hpp"
#include "domain/wallet/service.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/random.hpp"
#include "platform/db/database.hpp"

namespace confidente::lives {

inline constexpr std::string_view kTopic = "live";  ///< of the outbox
inline constexpr std::int64_t kPage = 24;
inline constexpr std::int64_t kMaxPrice = 100'000;  ///< tokens

struct Live {
    std::string id, model_id, model_name, chat_id, title, description, status;
    std::optional<UtcTime> scheduled_for;
    std::int64_t price = 0;
    std::optional<std::int64_t> duration;  ///< minutes
    std::string stream_key_hash;           ///< empty before the start and after the end
    UtcTime created_at{}, updated_at{};
};

struct NewLive {
    std::string model_id, title, description;
    std::optional<UtcTime> scheduled_for;
    std::int64_t price = 0;
    std::optional<std::int64_t> duration;
};

struct Filter {
    std::optional<std::string> status, model_id;
    std::optional<std::int64_t> before;  ///< created_at in ms
    std::int64_t limit = kPage;
};

class Service {
public:
    Service(const Clock& clock, Random& random, chat::Service& chats, wallet::Service& wallet)
        : clock_(clock), random_(random), chats_(chats), wallet_(wallet) {}

    Result<Live> create(db::Transaction& tx, const NewLive& command);
    Result<Live> find(db::Transaction& tx, const std::string& id) const;
    Result<std::vector<Live>> list(db::Transaction& tx, const Filter& filter) const;

    struct Started {
        Live live;
        std::string stream_key;
    };
    /// Starting again gives a new stream key: the old one is void.
    Result<Started> start(db::Transaction& tx, const std::string& id, const std::string& model_id);
    /// By its model. Ending twice is no error.
    Result<Live> end(db::Transaction& tx, const std::string& id, const std::string& model_id);
    /// By the house: the model did not come back.
    Result<Live> end_abandoned(db::Transaction& tx, const std::string& id);
    /// Lives that were on when the server stopped.
    Result<std::vector<Live>> all_on(db::Transaction& tx) const;

    /// Lets a viewer in, charging the price the first time. The model enters her own live for nothing.
    Result<Live> enter(db::Transaction& tx, const std::string& id, const std::string& user_id);
    bool key_matches(const Live& live, std::string_view stream_key) const;

private:
    Result<Live> finish(db::Transaction& tx, Live live);
    const Clock& clock_;
    Random& random_;
    chat::Service& chats_;
    wallet::Service& wallet_;
};

}  // namespace confidente::lives
