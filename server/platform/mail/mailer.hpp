// The door for mail that leaves, and the adapter that needs nobody: a folder with one .eml file per message.
#pragma once

#include <filesystem>
#include <memory>

#include "platform/base/random.hpp"
#include "platform/base/result.hpp"
#include "platform/base/time.hpp"
#include "platform/mail/message.hpp"

namespace confidente::mail {

/// Blocks until the message is handed over: never called on an event loop.
class Mailer {
public:
    virtual ~Mailer() = default;
    /// Errors: `unavailable` kind: try again later; any other: this message will never be taken.
    virtual Status send(const Message& message) = 0;
    /// Makes a send() that is under way, and all later ones, fail soon. From any thread.
    virtual void stop() {}
};

/// Files appear whole or not at all, readable by their owner only, named so that they sort by time.
std::unique_ptr<Mailer> make_folder_mailer(std::filesystem::path folder, Sender sender, const Clock& clock,
                                           Random& random);

}  // namespace confidente::mail
