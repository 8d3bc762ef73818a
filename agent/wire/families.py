"""Names of the metric families that a node says of its lines; the hub reads line quality from them.

Every line family is a gauge about one window of WINDOW_SECONDS that ends at the sample's time, labelled
`line`. Each sample set stands on its own, so history can arrive late and in any order.
"""

LINE_SENT = "thongsuot_line_sent_packets"
LINE_RECEIVED = "thongsuot_line_received_packets"
"""Answered within the loss timeout, duplicates not counted."""
LINE_LOST = "thongsuot_line_lost_packets"
"""Label `direction`: up, down, unknown. Said once it is known, which during an outage is after it. `unknown`,
said only when there is any, is lost for certain on a way that nobody counted: the node's address changed,
its port was dead and left, or the agent was started anew before an answer came."""
LINE_UNMEASURED = "thongsuot_line_unmeasured_packets"
"""Sent, unanswered, and not to be charged to the line: the reflector restarted or did not know the session
yet, or the node itself was paused. Said with LINE_LOST."""
LINE_LATE = "thongsuot_line_late_packets"
"""Answers that came in this window after the loss timeout; their packets were counted as lost before."""
LINE_DUPLICATE = "thongsuot_line_duplicate_packets"
LINE_REORDERED = "thongsuot_line_reordered_packets"
"""RFC 4737: arrived with a sequence number below one already seen."""
LINE_SKIPPED = "thongsuot_line_skipped_packets"
"""Places in the schedule at which this machine could not send. Never loss."""
LINE_LATE_SENDS = "thongsuot_line_late_send_packets"
"""Sent more than half an interval behind the schedule."""
LINE_RTT = "thongsuot_line_rtt_seconds"
"""Label `quantile`: 0, 0.5, 0.95, 1. Absent when nothing was answered."""
LINE_RTT_BUCKET = "thongsuot_line_rtt_packets"
"""Label `le`: answers with an RTT of at most so many seconds, cumulative; `+Inf` equals LINE_RECEIVED."""
LINE_JITTER = "thongsuot_line_jitter_seconds"
"""RFC 3550 section 6.4.1 at the window's end."""
LINE_IPDV = "thongsuot_line_ipdv_seconds"
"""Label `quantile`: 0.95 of the absolute difference of successive round-trip times (RFC 3393)."""
LINE_LOSS_BURSTS = "thongsuot_line_loss_bursts"
"""Runs of successive lost packets that begin in this window. Said with LINE_LOST."""
