"""Real records, as the MPC publishes them (minorplanetcenter.net/db_search), and forms of its format pages."""

OPTICAL_2018_LA = """\
     K18L00A* X2018 06 02.34330 16 11 10.34 -11 19 34.7                U~2fCkG96
     K18L00A tC2018 06 02.34850816 10 59.352-11 20 21.37         18.2 GV~2i5UG96
     K18L00A tC2018 06 02.35372316 10 48.154-11 21 08.95         18.3 GV~2i5UG96
"""

NUMBERED = "99942K04M04N  C2004 12 18.42318 23 12 07.07 -36 37 10.2          18.7 Rrm2709E12"

SPACECRAFT = """\
     K10A00A  S2010 01 02.50000 10 20 30.00 +05 06 07.0          17.0 RL~1234C51
     K10A00A  s2010 01 02.50000 1 - 5000.1234 + 1000.0000 -  300.5000   ~1234C51
"""

ROVING = """\
     K10A00A  V2010 01 02.50000 10 20 30.00 +05 06 07.0          17.0 RL~1234247
     K10A00A  v2010 01 02.50000 1 248.412300 +31.961200  2096                247
"""

RADAR = (
    "A1955         R1999 09 23.400000   148001061900                23800251      251",
    "A1955         r1999 09 23.400000C         01000                     251      251",
)

PSV = """\
# version=2017
# observatory
! mpcCode 568
permID |provID     |trkSub  |mode|stn |obsTime                  |ra         |dec        |rmsRA|rmsDec|astCat|mag  |band
       |2016 CQ18  |        |CCD |568 |2016-02-04T10:13:11.52Z  |131.5467083| 18.1953333|0.15 |0.12  |2MASS |21.34|R
       |2016 CQ18  |        |CCD |568 |2016-02-04T10:24:17.63Z  |131.5436250| 18.1963889|0.15 |0.12  |2MASS |21.30|R
       |2016 CQ18  |        |CCD |568 |2016-02-30T10:24:17.63Z  |131.5436250| 18.1963889|0.15 |0.12  |2MASS |21.30|R
"""

XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<ades version="2017">
  <obsBlock>
    <obsContext><observatory><mpcCode>568</mpcCode></observatory></obsContext>
    <obsData>
      <optical>
        <trkSub>a1</trkSub><mode>CCD</mode><stn>568</stn><obsTime>2016-02-04T10:13:11.52Z</obsTime>
        <ra>131.5467083</ra><dec>18.1953333</dec><rmsRA>0.15</rmsRA><rmsDec>0.12</rmsDec>
      </optical>
      <optical>
        <trkSub>a1</trkSub><mode>CCD</mode><stn>568</stn><obsTime>2016-02-04T10:24:17.63Z</obsTime>
        <ra>431.5</ra><dec>18.1953333</dec>
      </optical>
      <radar>
        <permID>101955</permID><mode>RAD</mode><trx>253</trx><rcv>253</rcv><obsTime>1999-09-23T09:30:00Z</obsTime>
        <delay>14.820631</delay><rmsDelay>5.0</rmsDelay><frq>8560</frq><com>1</com>
      </radar>
    </obsData>
  </obsBlock>
</ades>
"""
