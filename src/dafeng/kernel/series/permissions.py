"""Who may ask about readings, and who keeps points and devices. Points that a person may not see do not exist for them."""

from dafeng.kernel.actions import PUBLIC, action

SEES = {"leader", "ndrc", "ecology", "statistics", "department", "county", "enterprise", "verifier", "admin"}
SEND = action("series.send", "报送计量读数（设备签名）", {PUBLIC}, writes=True)
SEE = action("series.see", "查看计量点和读数", SEES)
KEEP = action("series.keep", "登记计量点和采集设备，处理隔离的读数", {"ndrc", "admin"}, writes=True)
UPLOAD = action("series.upload", "上传读数表格", {"enterprise", "ndrc", "admin"}, writes=True)
