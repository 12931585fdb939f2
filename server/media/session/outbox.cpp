#include "media/session/outbox.hpp"

#include <algorithm>

namespace confidente::media {

void Outbox::send(Bytes datagram, const SocketAddress& to) {
    const auto place = room();
    if (datagram.size() > place.size()) {
        ++dropped_;
        return;
    }
    std::copy(datagram.begin(), datagram.end(), place.begin());
    commit(datagram.size(), to);
}

}  // namespace confidente::media
