"""Tables of a few lines, as annotation tools and data sets have them, and what they say."""

PREAMBLE_7 = (
    "Observation id\tobs 1\t\t\t\t\t\t\t\n\t\t\t\t\t\t\t\t\nPlayer #1\ta.mp4\t\t\t\t\t\t\t\n"
    "Player #2\tunused.mp4\t\t\t\t\t\t\t\nTime offset (s)\t0.0\t\t\t\t\t\t\t\n"
    "Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\t"
    "Status\n"
)
HEADER_8 = (
    "Observation id,Observation date,Description,Observation duration,Observation type,Source,"
    "Time offset (s),Media duration (s),FPS,Subject,Behavior,Behavioral category,Modifier #1,"
    "Behavior type,Time,Media file name,Image index,Image file path,Comment\n"
)
TWO_FILES = "o1,d,,9,Media file(s),player #1:a.mp4;b.mp4|player #2:c.mp4,{},100.0;200.0|300.0,25"
AGGREGATED = (
    "obs 2\t2016-12-01 23:01:31{0}\ta.mp4\t539.9\t25.0\t123\tNo focal subject\ts\t\t\tSTATE\t1.8"
    "\t8.125\t6.325\t\t\n"
    "obs 2\t2016-12-01 23:01:31{0}\t{1}\t539.9\t25.0\t123\tmouse\tp\t\tx|None\tPOINT\t266.165"
    "\t266.165\tNA\t\t\n"
)
# (format, text, what is read of it)
KNOWN: list[tuple[str, str, list[tuple[object, ...]]]] = [
    (
        "intervals",
        "sequence,start,end,label\nday/cam 1,0.5,2,walk\n",
        [("day/cam 1", 0.5, 2.0, "walk")],
    ),
    (
        "bouts",
        "sequence,class,start,end,duration,confidence\na,walk,0,2.5,2.5,0.9\n",
        [("a", 0.0, 2.5, "walk")],
    ),
    (
        "ethovision-events",
        "Number of header lines:;5\nVideo file;D:\\a.mp4\n\nRecording time;Subject;Behavior;Event\n"
        "s;;;\n1,5;m1;walk;state start\n2;m1;hit;point\n2,5;m1;walk;state stop\n",
        [("D:\\a.mp4", 1.5, 2.5, "walk"), ("D:\\a.mp4", 2.0, None, "hit")],
    ),
    (
        "boris-events",
        f"{PREAMBLE_7}3.3\ta.mp4\t360\t25\tm1\twalk\t\t\tSTART\n"
        "3.5\ta.mp4\t360\t25\tm1\thit\t\t\tPOINT\n7.75\ta.mp4\t360\t25\tm1\twalk\t\t\tSTOP\n",
        [("a.mp4", 3.3, 7.75, "walk"), ("a.mp4", 3.5, None, "hit")],
    ),
    (
        "dlcanalyzer",
        "file;Experimenter;from;to;type;ID;DLCFile\nx.json;ann;0;1;Start_End;EPM_11;x.csv\n",
        [("EPM_11", 0.0, 1.0, "Start_End")],
    ),
    (
        "datavyu-csv",
        "file,column,ordinal,onset,offset,hand,look\ndyad1,hands,1,28846,157944,left,\n"
        "dyad1,hands,2,177790,184132,,1\n",
        [("dyad1", 28.846, 157.944, "left,"), ("dyad1", 177.79, 184.132, ",1")],
    ),
    (
        "elan-tab",
        'Speaker 1\t63.315\t64.005\t0.69\tone\nSpeaker 1\t70.0\t71.5\t1.5\t"so" he said\n',
        [("", 63.315, 64.005, "one"), ("", 70.0, 71.5, '"so" he said')],
    ),
    ("elan-tab", "gesture\t1040\t2330\t1290\twave\n", [("", 1.04, 2.33, "wave")]),
    (
        "elan-tab",
        "gesture\tP1\t00:00:01.040\t00:01:02.330\t00:01:01.290\twave\n",
        [("", 1.04, 62.33, "wave")],
    ),
    (
        "elan-tab",
        "look\t00:00:01.040\t1.04\t00:00:02.330\t2.33\t00:00:01.290\t1.29\tleft\n",
        [("", 1.04, 2.33, "left")],
    ),
    (
        "elan-tab",
        "Begin Time - ss.msec,End Time - ss.msec,Duration - ss.msec,gaze,hand\n1,2,1,left,\n",
        [("", 1.0, 2.0, "left")],
    ),
    (
        "elan-tab",
        '"#file:///D:/my day/v.mp4 -- offset: 0, duration: 00:05:00.000 / 300.000 / 300000"\n'
        "Begin Time - msec\tBegin Time - PAL\tDuration - msec\tDuration - PAL\tgaze\thand\n"
        "1000\t00:00:01:00\t500\t00:00:00:12\tleft\t\n",
        [("file:///D:/my day/v.mp4", 1.0, 1.5, "left")],
    ),
    (
        "elan-tab",
        "Begin Time - hh:mm:ss.ms\tEnd Time - hh:mm:ss.ms\tgaze\tFile Name\tFile Path\n"
        "00:00:01.000\t00:00:02.000\tleft\ta.eaf\t/day/a.eaf\n",
        [("/day/a.eaf", 1.0, 2.0, "left")],
    ),
    (
        "elan-tab",
        'gaze,00:00:01.040,1.04,1040,00:00:01:01,00:00:02.330,2.33,2330,00:00:02:08,"left, far",'
        "a.eaf\n",
        [("a.eaf", 1.04, 2.33, "left, far")],
    ),
    (
        "elan-tab",
        '"#file:///v.mp4 -- offset: 0, duration: 00:05:00.000 / 300.000 / 300000"\t\t\t\n\n'
        "00:00:01.040\t00:00:02.330\tleft\tlooks left\n00:00:02.040\t00:00:00.500\tup\n",
        [("file:///v.mp4", 1.04, 3.37, "left"), ("file:///v.mp4", 2.04, 2.54, "up")],
    ),
    (
        "audacity",
        "0.5\t1.5\tsong\n\\\t6441.06\t12296.58\n2.0\t2.0\tcall\n",
        [("", 0.5, 1.5, "song"), ("", 2.0, None, "call")],
    ),
    (
        "observer",
        "Time_Absolute_hms,Time_Relative_sf,Duration_sf,Observation,Event_Log,Behavior,Event_Type\n"
        "x,1.5,2.0,obs1,log,walk,State start\nx,2.5,0,obs1,log,hit,Point\n"
        "x,3.5,0,obs1,log,walk,State stop\n",
        [("obs1", 1.5, 3.5, "walk"), ("obs1", 2.5, None, "hit")],
    ),
    (
        "charades",
        'id,subject,script,actions,length\n46GP8,HR43,"cooks, then; eats",'
        "c092 11.90 21.20;c147 0.00 12.60,24.8\nN11GT,0KZ7,,,18.3\n",
        [("46GP8", 0.0, 12.6, "c147"), ("46GP8", 11.9, 21.2, "c092")],
    ),
    (
        "cholec80",
        "Frame\tPhase\n0\tPreparation\n1\tPreparation\n2\tCalotTriangleDissection\n",
        [("", 0.0, 0.08, "Preparation"), ("", 0.08, 0.12, "CalotTriangleDissection")],
    ),
    ("autolaparo", "Frame\tPhase\n1\t1\n2\t1\n3\t2\n", [("", 0.0, 2.0, "1"), ("", 2.0, 3.0, "2")]),
    ("phases", "Frame\tPhase\n0\tidle\n1\tidle\n2\tcut\n", [("", 0, 2, "idle"), ("", 2, 3, "cut")]),
    (
        "cholec80-tools",
        "Frame\tGrasper\tBipolar\tHook\tScissors\tClipper\tIrrigator\tSpecimenBag\n"
        "0\t1\t0\t0\t0\t0\t0\t0\n25\t1\t0\t1\t0\t0\t0\t0\n50\t0\t0\t1\t0\t0\t0\t0\n",
        [("", 0.0, 2.0, "Grasper"), ("", 1.0, 3.0, "Hook")],
    ),
    (
        "sar-rarp50",
        "000000000,0\n000000006,0\n000000012,3\n",
        [("", 0.0, 0.2, "0"), ("", 0.2, 0.3, "3")],
    ),
    (
        "solomon",
        "Time,Light,Place\r\n0,,\r\n0.04,On,\r\n0.08,On,Far\r\n",
        [("", 0.04, 0.12, "On"), ("", 0.08, 0.12, "Far")],
    ),
    (
        "class-columns",
        ",background,Swim,Float\r\n0,1,0,0\r\n1,0,1,1\r\n2,0,1,0\r\n3,-1,-1,-1\r\n",
        [("", 1, 2, "Float"), ("", 1, 3, "Swim")],
    ),
    ("class-columns", "time,walk\n0.0,1\n0.5,1\n1.0,0\n", [("", 0.0, 1.0, "walk")]),
    (
        "simba",
        "scorer,Nose_1_x,Nose_1_y,Nose_1_p,Low_prob_detections_0.1,attack\n0,1.5,2.5,1.0,0,0\n"
        "1,1.5,2.5,1.0,0,1\n",
        [("", 1, 2, "attack")],
    ),
]
