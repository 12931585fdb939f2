// Transports over Asio sockets. Included by server.cpp and transport.cpp alone.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "platform/http/transport.hpp"

namespace confidente::http {

namespace asio = boost::asio;
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

/// `slot` is held as long as the connection is counted. `tls` null: plain.
std::shared_ptr<Transport> make_transport(Socket socket, asio::ssl::context* tls, Executor& executor,
                                          std::string remote_address, std::shared_ptr<void> slot);

}  // namespace confidente::http
