#include "nft.h"

#include <nftables/libnftables.h>

#include <cstring>
#include <memory>
#include <mutex>

#include "netns.h"

namespace nl {

namespace {

/** libnftables keeps tables of interface and mark names for the whole process. */
std::mutex oneAtATime;

/** libnftables gives no errno, but its text ends in the C library's words for one. */
int errnoOf(const std::string &text) {
  for (int error = 1; error < 134; ++error) {
    const char *words = strerrordesc_np(error);
    if (words != nullptr && text.find(std::string(": ") + words) != std::string::npos) return error;
  }
  return EINVAL;
}

NftResult runHere(const std::string &json, bool echo) {
  const std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)> context(nft_ctx_new(NFT_CTX_DEFAULT),
                                                                  nft_ctx_free);
  if (context == nullptr) return {{ENOMEM, "nft_ctx_new"}, {}, {}};
  nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL |
                                              NFT_CTX_OUTPUT_HANDLE |
                                              (echo ? NFT_CTX_OUTPUT_ECHO : 0));
  nft_ctx_buffer_output(context.get());
  nft_ctx_buffer_error(context.get());
  if (nft_run_cmd_from_buffer(context.get(), json.c_str()) == 0) {
    return {{}, nft_ctx_get_output_buffer(context.get()), {}};
  }
  const std::string text = nft_ctx_get_error_buffer(context.get());
  return {{errnoOf(text), {}}, {}, text};
}

} // namespace

NftResult runNft(const std::string &netns, const std::string &json, bool echo) {
  NftResult result;
  onPrivateThread([&] {
    const std::lock_guard lock(oneAtATime);
    result.status = enterNetns(netns);
    if (result.status.error == 0) result = runHere(json, echo);
  });
  return result;
}

} // namespace nl
