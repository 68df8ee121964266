#pragma once

#include <linux/netlink.h>

#include <cstring>
#include <string>

namespace nl {

/** The kernel's text among the attributes from `offset` of a message on; empty if there is none. */
inline std::string extackText(const nlmsghdr *header, size_t offset) {
  const auto *bytes = reinterpret_cast<const char *>(header);
  while (offset + sizeof(nlattr) <= header->nlmsg_len) {
    nlattr attribute;
    std::memcpy(&attribute, bytes + offset, sizeof attribute);
    if (attribute.nla_len < sizeof attribute || offset + attribute.nla_len > header->nlmsg_len)
      break;
    if ((attribute.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
      const char *text = bytes + offset + sizeof attribute;
      return std::string(text, strnlen(text, attribute.nla_len - sizeof attribute));
    }
    offset += NLA_ALIGN(attribute.nla_len);
  }
  return {};
}

/** Error and text of an NLMSG_ERROR or NLMSG_DONE message; error 0 is success. */
inline void readOutcome(const nlmsghdr *header, int &error, std::string &extack) {
  error = 0;
  if (header->nlmsg_len < NLMSG_LENGTH(sizeof(int))) return;
  int negative;
  std::memcpy(&negative, NLMSG_DATA(header), sizeof negative);
  error = -negative;
  if (error <= 0) {
    // a DONE message carries the length of what was dumped, or 0
    error = 0;
    return;
  }
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return;
  size_t offset = NLMSG_LENGTH(sizeof(int));
  if (header->nlmsg_type == NLMSG_ERROR) {
    const auto *failure = static_cast<const nlmsgerr *>(NLMSG_DATA(header));
    const bool capped = (header->nlmsg_flags & NLM_F_CAPPED) != 0;
    offset = NLMSG_LENGTH(sizeof(int)) +
             (capped ? sizeof(nlmsghdr) : NLMSG_ALIGN(failure->msg.nlmsg_len));
  }
  extack = extackText(header, offset);
}

} // namespace nl
