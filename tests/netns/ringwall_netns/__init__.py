# SPDX-License-Identifier: Apache-2.0
"""Network namespaces, phones, media and a running wall: what the netns tests and the demo are made of."""
