// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once

#define TC_ACT_OK 0
#define TC_ACT_SHOT 2
/* Other programs on a device that is not ours have their say too. */
#define TCX_NEXT -1
#define PACKET_HOST 0
