# SPDX-License-Identifier: Apache-2.0
"""Network namespaces, phones, media and a running wall: what the netns tests and the demo are made of."""
import os

# Multiplies every bound of a wait. Bounds only end a wait that has failed; an emulated machine (vm-tests) needs longer.
PATIENCE = float(os.environ.get('RINGWALL_PATIENCE', '1'))
